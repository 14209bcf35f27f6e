const [command, ...parameters] = process.argv.slice(2);
// Loaded only when needed: asking about a file is to be quick.
if (command === 'alerts') {
  const { alertsCommand } = await import('./commands/alerts.command.js');
  process.exitCode = await alertsCommand(parameters, { out: (line) => process.stdout.write(`${line}\n`), error: (line) => process.stderr.write(`${line}\n`) });
} else {
  const { serveCommand } = await import('./commands/serve.command.js');
  await serveCommand();
}
