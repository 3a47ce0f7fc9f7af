import { type FSWatcher, watch } from 'node:fs';

/** A watch on a folder that may be missing, be removed, or come again. */
export class FolderWatcher {
  readonly #folder: string;
  readonly #changed: () => void;
  #watcher: FSWatcher | undefined;

  constructor(folder: string, changed: () => void) {
    this.#folder = folder;
    this.#changed = changed;
  }

  /** Watches the folder if it is not watched; without one, the caller's own period has to do. */
  ensure(): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(this.#folder, { persistent: false }, (event, name) => {
        this.#changed();
        // The folder itself was removed or renamed: the watch is on what is not there any more.
        if (event === 'rename' && name !== null && this.#folder.endsWith(`/${name}`)) this.close();
      });
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
    } catch {
      this.#watcher = undefined;
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
