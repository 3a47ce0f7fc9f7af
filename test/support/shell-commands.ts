/** A simple command of a shell script: its words without quotes; assignments before it are left out. */
export type ShellCommand = readonly [program: string, ...args: string[]];

const operators = /^(?:&&|\|\||;;|[|&;()\n])/;
const openers = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '!', '{', 'exec']);
const closers = new Set(['fi', 'done', 'esac', '}']);

/**
 * The simple commands of a script as documents have them: quotes, comments, continued lines, here-documents, lists, pipes,
 * substitutions, loops and functions. It knows no `case` and no nested quotes in substitutions.
 *
 * @throws Error for a quote that is not closed
 */
export function shellCommands(script: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  const { text, inner } = withoutSubstitutions(withoutHereDocuments(script.replaceAll('\\\n', ' ')));
  for (const words of lists(text)) {
    const command = commandOf(words);
    if (command !== undefined) commands.push(command);
  }
  return [...commands, ...inner.flatMap((one) => shellCommands(one))];
}

function withoutHereDocuments(script: string): string {
  return script.replaceAll(/<<-?\s*'?(\w+)'?([^\n]*)\n[\s\S]*?\n\s*\1(?=\n|$)/g, '$2');
}

function withoutSubstitutions(script: string): { readonly text: string; readonly inner: readonly string[] } {
  const inner: string[] = [];
  const text = script.replaceAll(/\$\(([^()]*)\)/g, (_whole, command: string) => {
    inner.push(command);
    return 'SUBSTITUTED';
  });
  return { text, inner };
}

/** The words of each list element, quotes taken off; redirections are left out. */
function lists(text: string): readonly (readonly string[])[] {
  const found: string[][] = [[]];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) found.at(-1)?.push(word);
    word = undefined;
  };
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const quoted = /^'([^']*)'|^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest);
    const operator = operators.exec(rest)?.[0];
    const redirection = /^\d*(?:>>?|<)&?\s*[^\s;|&]+/.exec(rest)?.[0];
    if (word === undefined && rest.startsWith('#')) {
      const end = rest.indexOf('\n');
      at = end === -1 ? text.length : at + end;
    } else if (quoted !== null) {
      word = (word ?? '') + (quoted[1] ?? quoted[2] ?? '');
      at += quoted[0].length;
    } else if (word === undefined && redirection !== undefined) {
      at += redirection.length;
    } else if (operator !== undefined) {
      endWord();
      found.push([]);
      at += operator.length;
    } else if (/^\s/.test(rest)) {
      endWord();
      at += 1;
    } else {
      if (/^["']/.test(rest)) throw new Error(`a quote is not closed: ${rest.slice(0, 40)}`);
      const escaped = rest.startsWith('\\');
      word = (word ?? '') + (escaped ? (rest[1] ?? '') : (rest[0] ?? ''));
      at += escaped ? 2 : 1;
    }
  }
  endWord();
  return found;
}

function commandOf(words: readonly string[]): ShellCommand | undefined {
  let [first, ...rest] = words;
  while (first !== undefined && (openers.has(first) || /^\w+=/.test(first))) [first, ...rest] = rest;
  if (first === undefined || first === 'for' || closers.has(first)) return undefined;
  return [first, ...rest];
}
