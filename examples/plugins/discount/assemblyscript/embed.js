// Puts the manifest into the program, which cannot read files.
import { readFileSync, writeFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync("manifest.json", "utf8"));
writeFileSync("assembly/manifest.ts", `export const manifest = ${JSON.stringify(JSON.stringify(manifest))};\n`);
