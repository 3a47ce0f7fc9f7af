import type { Command } from 'commander';
import { type Cell, type Column, formatTable } from '../../src/cli/table.ts';
import type { PoolShape, PoolsShape } from '../../src/wire/shapes.ts';
import { poolsAnswer } from './answers.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const columns: readonly Column[] = [
  { title: 'NAME', fit: 'cut' },
  { title: 'SUBNET' },
  { title: 'TOTAL', align: 'right' },
  { title: 'ALLOCATED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'COOLING', align: 'right' },
  { title: 'RESERVED', align: 'right' },
  { title: 'EXCLUDED', align: 'right' },
  { title: 'DEFAULT' },
  { title: 'STATE', fit: 'cut' },
];

const help = `
Columns:
  TOTAL      addresses of the pool less the excluded ones
  FREE       can be given now; COOLING ones rest after their release and are given last
  RESERVED   taken away by SpiderReservedIP
  EXCLUDED   taken away by the pool's excludeIPs

Examples:
  spiderpoolctl pools
  spiderpoolctl pools -o json | jq '.pools[] | select(.free == 0) | .name'`;

/** `spiderpoolctl pools`. */
export function addPoolsCommand(program: Command, run: RunCommand): void {
  program
    .command('pools')
    .description('list the pools with the counts of their addresses')
    .addHelpText('after', help)
    .action(() => run(showPools));
}

async function showPools(session: Session): Promise<ExitCode> {
  const { body, value } = await session.client.send(
    { method: 'GET', path: '/v1/pools' },
    poolsAnswer,
    session.signal,
  );
  printAnswer(session, body, () => poolsTable(session, value));
  return ExitCode.ok;
}

function poolsTable({ console }: Session, { pools, problems }: PoolsShape): string {
  for (const { name, conditions } of pools) {
    for (const { type, message } of conditions) console.note(`pool ${name}: ${type}: ${message}`);
  }
  for (const problem of problems) console.note(`problem: ${problem}`);
  if (pools.length === 0) {
    console.note('the agent has no pools: write SpiderIPPool manifests into its folder of pools');
    return '';
  }
  return formatTable(columns, pools.map(poolRow), { widthMax: console.widthMax, paint: console.paint });
}

function poolRow(pool: PoolShape): readonly Cell[] {
  return [
    pool.name,
    pool.subnet,
    String(pool.total),
    String(pool.allocated),
    pool.free === 0n ? { text: '0', style: 'red' } : String(pool.free),
    String(pool.cooling),
    String(pool.reserved),
    String(pool.excluded),
    pool.default ? 'yes' : 'no',
    poolState(pool),
  ];
}

function poolState({ disabled, conditions }: PoolShape): Cell {
  const states = [...(disabled ? ['disabled'] : []), ...conditions.map(({ type }) => type)];
  return states.length === 0 ? 'ok' : { text: states.join(','), style: 'yellow' };
}
