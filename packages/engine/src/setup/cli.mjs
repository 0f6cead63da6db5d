// Entry of the target engine:setup. Plain JavaScript, so that it can say what to do where nothing is installed yet.
try {
  const { register } = await import('tsx/esm/api');
  register();
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('The npm packages are not installed.\n  remedy: Run npm ci in the root of the workspace.');
  process.exit(1);
}
const { main } = await import('./command.ts');
process.exitCode = await main(process.argv.slice(2));
