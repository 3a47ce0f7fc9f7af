// Loaded into a process with `node --import`: its wall clock jumps an hour forward with one SIGUSR2 and back with the next, as a machine's
// does when somebody sets it. The monotonic clock goes on.
const hourMs = 3_600_000;
let shiftMs = 0;
const trueNow = Date.now.bind(Date);
const TrueDate = Date;

Date.now = () => trueNow() + shiftMs;
globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
});
process.on('SIGUSR2', () => {
  shiftMs = shiftMs === 0 ? hourMs : 0;
});
