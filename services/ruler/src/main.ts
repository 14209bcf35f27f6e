const [command, file] = process.argv.slice(2);
// Loaded only when needed: checking a file is to be quick.
if (command === 'check') {
  const { checkCommand } = await import('./check.command.js');
  process.exitCode = await checkCommand(file, { out: (line) => process.stdout.write(`${line}\n`), error: (line) => process.stderr.write(`${line}\n`) });
} else {
  const { serveCommand } = await import('./serve.command.js');
  await serveCommand();
}
