import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, runCommand } from './run-command.ts';
import type { Sandbox } from './sandbox.ts';

/** One call of a CNI plugin, as a runtime makes it (CNI 1.1.0, section "Parameters"). */
export interface CniCall {
  /** Name of the executable in `cniPath`, or its absolute path. */
  readonly plugin: string;
  readonly command: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';
  /** Network configuration: an object becomes JSON, a string or bytes go to stdin as they are. */
  readonly config: unknown;
  readonly containerId?: string;
  readonly ifName?: string;
  /** Path of the network namespace. */
  readonly netns?: string;
  /** `CNI_ARGS`: pairs, or the text itself. */
  readonly args?: Readonly<Record<string, string>> | string;
  /** Folders in which the plugin finds others, its IPAM plugin among them. */
  readonly cniPath: readonly string[];
  /** Further variables; undefined removes one that the other fields set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Run it on this node; the machine's own network would be changed otherwise. IPAM plugins may do without. */
  readonly sandbox?: Sandbox;
  /** Kills the plugin after so long, milliseconds. @default 120_000: the plugin itself waits up to 90 s */
  readonly timeoutMs?: number;
}

/** What the plugin answered. */
export interface CniAnswer {
  /** 0: success. Never undefined: a plugin that a signal ends is an error of {@link runCni}. */
  readonly exitCode: number;
  /** The JSON printed on stdout: a result or an error object; undefined when nothing was printed. */
  readonly stdout: unknown;
  readonly stderr: string;
}

/** A result is below 100 KB with 32 NICs; a plugin that prints more has gone wild. */
const outputBytesMax = 1024 * 1024;

/**
 * Runs a real CNI plugin with the environment and stdin that a runtime would give. An answer with an error is a result.
 * @throws CommandError when the plugin can't be started, is ended by a signal, prints what is not JSON, or reaches a bound
 */
export async function runCni(call: CniCall): Promise<CniAnswer> {
  const file = findPlugin(call.plugin, call.cniPath);
  const [program = file, ...args] = call.sandbox === undefined ? [] : [...call.sandbox.enterCommand(), file];
  const result = await runCommand(program, args, {
    env: cniEnvironment(call),
    stdin: stdinOf(call.config),
    timeoutMs: call.timeoutMs ?? 120_000,
    outputBytesMax,
  });
  if (result.exitCode === undefined) {
    throw new CommandError('SP_COMMAND_FAILED', `${file} was ended by ${result.signal}: ${result.stderr}`);
  }
  return { exitCode: result.exitCode, stdout: parse(file, result.stdout), stderr: result.stderr };
}

/**
 * Runs a call that has to succeed.
 * @returns the JSON that the plugin printed
 * @throws CommandError with the plugin's own error object when it does not
 */
export async function runCniOrThrow(call: CniCall): Promise<unknown> {
  const answer = await runCni(call);
  if (answer.exitCode === 0) return answer.stdout;
  const said = `${JSON.stringify(answer.stdout) ?? ''} ${answer.stderr}`.trim();
  throw new CommandError('SP_COMMAND_FAILED', `${call.plugin} ${call.command}: ${said}`);
}

function findPlugin(plugin: string, cniPath: readonly string[]): string {
  const candidates = plugin.startsWith('/') ? [plugin] : cniPath.map((folder) => join(folder, plugin));
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined)
    throw new CommandError('SP_COMMAND_START', `no ${candidates.join(', ') || plugin}`);
  return found;
}

function cniEnvironment(call: CniCall): NodeJS.ProcessEnv {
  const args = typeof call.args === 'object' ? pairsText(call.args) : call.args;
  const environment: Record<string, string | undefined> = {
    // The bridge plugin calls iptables when it masquerades; nsenter has to be found too.
    PATH: process.env['PATH'],
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerId,
    CNI_IFNAME: call.ifName,
    CNI_NETNS: call.netns,
    CNI_ARGS: args,
    CNI_PATH: call.cniPath.join(':'),
    ...call.env,
  };
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
}

function pairsText(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(';');
}

function stdinOf(config: unknown): string | Uint8Array {
  if (typeof config === 'string' || config instanceof Uint8Array) return config;
  return JSON.stringify(config);
}

function parse(file: string, text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError('SP_COMMAND_FAILED', `${file} printed no JSON: ${text.slice(0, 500)}`, {
      cause: error,
    });
  }
}
