import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellCommands } from './shell-commands.ts';

test('shellCommands() finds every command of lists, pipes, loops, functions and substitutions', () => {
  const script = `
A=1 B="x y" one --set 'a={b c}' \\
  -f x   # a remark with 'a quote
two | three && four 2>/dev/null > out.txt; five &
for x in a b; do six "$(seven -n)"; done
f() { eight 'it''s' "$@"; }
cat > file <<'EOT'
nine
EOT
ten\\ words
`;
  assert.deepEqual(shellCommands(script), [
    ['one', '--set', 'a={b c}', '-f', 'x'],
    ['two'],
    ['three'],
    ['four'],
    ['five'],
    ['six', 'SUBSTITUTED'],
    ['f'],
    ['eight', 'its', '$@'],
    ['cat'],
    ['ten words'],
    ['seven', '-n'],
  ]);
});

test('shellCommands() refuses a quote that is not closed', () => {
  assert.throws(() => shellCommands("echo 'x"), /not closed/);
});
