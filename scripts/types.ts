// Writes dist/types, the declarations of what `import … from "holdfast"` gives: for editors, in a package. Valibot's own lie
// with them, so that the package needs no other.
import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist/types");
const project = join(root, "dist/types.json");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const compilerOptions = {
	noEmit: false,
	declaration: true,
	emitDeclarationOnly: true,
	rewriteRelativeImportExtensions: true,
	rootDir: join(root, "src"),
	outDir: out,
};
const files = [join(root, "src/config/define.ts")];
writeFileSync(
	project,
	JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: [], files }),
);
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", project], { stdio: "inherit" });
rmSync(project);

copyFileSync(join(root, "node_modules/valibot/dist/index.d.mts"), join(out, "valibot.d.ts"));
for (const file of globSync("**/*.d.ts", { cwd: out }).map((name) => join(out, name))) {
	const valibot = `"./${relative(dirname(file), join(out, "valibot.js"))}"`;
	// The compiler leaves the sources' names in declarations.
	writeFileSync(
		file,
		readFileSync(file, "utf8")
			.replace(/"(\.{1,2}\/[^"]*)\.ts"/g, '"$1.js"')
			.replaceAll('"valibot"', valibot.replace('"./../', '"../')),
	);
}
