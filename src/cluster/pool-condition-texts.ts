/** Why a stored pool is not used. */
export function notUsedText(problem: string): string {
  return `not used: ${problem}`;
}

/** Of a pool that an installation of the original has left behind. */
export const originalRecordsText =
  'it has records of the original that were not imported: it gives no addresses until they are (spiderpoolctl migrate)';

/** Of a pool that is being deleted. */
export const deletingText =
  'its deletion was asked for: it gives no new addresses and goes with its last record';

/** Of a pool whose ranges were cut short under its pods. */
export function outsideText(outside: number, allocated: number): string {
  return `${outside} of its ${allocated} allocated addresses are outside of its ranges: they stay with their pods and are not given again`;
}
