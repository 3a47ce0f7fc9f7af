// `npm run bench [-- --quick] [-- --only a,b,c,d,e,f,g,h] [-- --update-docs]`: prints tables and writes bench-results.json.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { benchAgent } from './bench/agent-bench.ts';
import { agentSection } from './bench/agent-section.ts';
import { chooseSection } from './bench/choose-section.ts';
import { benchCluster } from './bench/cluster-bench.ts';
import { clusterSection } from './bench/cluster-section.ts';
import { benchController } from './bench/controller-bench.ts';
import { controllerSection } from './bench/controller-section.ts';
import { docsParts, replaceParts } from './bench/docs.ts';
import { formatTable } from './bench/format.ts';
import { describeMachine, machineTable } from './bench/machine.ts';
import { benchNode } from './bench/node-bench.ts';
import { nodeSection } from './bench/node-section.ts';
import { BenchArgumentsError, parseBenchArguments, type SectionId } from './bench/options.ts';
import { projectPaths } from './bench/paths.ts';
import { benchPlugin, PluginBenchError } from './bench/plugin-bench.ts';
import { pluginSection } from './bench/plugin-section.ts';
import { benchPods, PodsBenchError } from './bench/pods-bench.ts';
import { podsSection } from './bench/pods-section.ts';
import { type Report, type Section, sectionText, targetsTable } from './bench/report.ts';
import { runWorker } from './bench/run-worker.ts';
import { benchSocket } from './bench/socket-bench.ts';
import { socketSection } from './bench/socket-section.ts';

/** Undefined is left out, after a line that says why. */
const measure: Readonly<Record<SectionId, (quick: boolean) => Promise<Section | undefined>>> = {
  a: async (quick) => pluginSection(await benchPlugin(quick)),
  b: async (quick) => chooseSection(await runWorker('choose-worker.ts', { rounds: quick ? 3 : 9 })),
  c: async (quick) => socketSection(await benchSocket(quick)),
  d: async (quick) => agentSection(await benchAgent(quick)),
  e: async (quick) => clusterSection(await benchCluster(quick)),
  f: async (quick) => nodeSection(await benchNode(quick)),
  g: async (quick) => controllerSection(await benchController(quick)),
  h: async (quick) => {
    const data = await benchPods(quick);
    return data && podsSection(data);
  },
};

async function run(args: readonly string[]): Promise<void> {
  const { sections: ids, quick, updateDocs } = parseBenchArguments(args);
  await mkdir(projectPaths.scratch, { recursive: true });
  const machine = await describeMachine(projectPaths.scratch);
  const [startedAt, startedMs] = [new Date().toISOString(), performance.now()];
  console.log(`${formatTable(machineTable(machine))}\n`);
  const sections: Section[] = [];
  for (const id of ids) {
    console.error(`› benchmark ${id}`);
    const section = await measure[id](quick);
    if (section === undefined) continue;
    console.log(`## ${id}: ${section.title}\n\n${sectionText(section)}\n`);
    sections.push(section);
  }
  console.log(`## Targets\n\n${formatTable(targetsTable(sections))}`);
  const durationSeconds = Math.round((performance.now() - startedMs) / 1000);
  const report: Report = { machine, startedAt, durationSeconds, quick, sections };
  await writeFile(projectPaths.results, `${JSON.stringify(report, undefined, 2)}\n`);
  if (!updateDocs) return;
  const page = await readFile(projectPaths.docs, 'utf8');
  await writeFile(projectPaths.docs, replaceParts(page, docsParts(report, page)));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const isExpected = [BenchArgumentsError, PluginBenchError, PodsBenchError].some(
    (kind) => error instanceof kind,
  );
  if (!isExpected || !(error instanceof Error)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
}
