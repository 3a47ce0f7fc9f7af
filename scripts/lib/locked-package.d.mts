/** What npm brought is not what the lock file names, or the lock file names nothing. */
export declare class LockedPackageError extends Error {
  readonly code: 'SP_LOCKED_PACKAGE';
}

/** The path of one file of a package: as npm has installed it, or from a cache, fetched when it is not there. @throws LockedPackageError */
export declare function fileOfLockedPackage(root: string, name: string, file: string): string;

/** What the lock file says of a package. @throws LockedPackageError */
export declare function lockedPackage(
  root: string,
  name: string,
): { readonly version: string; readonly integrity: string };

/** @throws LockedPackageError when these bytes are not the ones that the lock file names */
export declare function checkIntegrity(name: string, bytes: Uint8Array, integrity: string): void;
