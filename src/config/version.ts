/** Set when the executables are built; the sources run without a build have none. */
declare const __VERSION__: string | undefined;

/** Version of this build. */
export const version: string = typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__;
