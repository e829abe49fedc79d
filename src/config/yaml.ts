// YAML and JSON config files. JSON is read by the same parser, since it keeps the places of every value.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { HoldfastError } from "../manifest/error.ts";
import { type DataPath, type Place, quote, type Source } from "./source.ts";

export function readYaml(file: string, text: string): Source {
	const lines = new LineCounter();
	const document = parseDocument(text, {
		lineCounter: lines,
		prettyErrors: false,
		uniqueKeys: true,
	});
	const fault = document.errors[0];
	if (fault) {
		const place = placeAt(lines, fault.pos[0]);
		throw new HoldfastError("usage", `${file}:${place.line}:${place.column}: ${fault.message}`, {
			details: quote(text, place),
			hint: "mend the file, then look again with: holdfast validate",
		});
	}
	return {
		file,
		text,
		value: document.toJS(),
		locate: (path) => {
			const offset = offsetOf(document.contents, path);
			return offset === undefined ? undefined : placeAt(lines, offset);
		},
	};
}

function placeAt(lines: LineCounter, offset: number): Place {
	const { line, col } = lines.linePos(offset);
	return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function offsetOf(root: Node | null, path: DataPath): number | undefined {
	let node: unknown = root;
	let offset = root?.range?.[0];
	for (const part of path) {
		if (isMap(node)) {
			const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
			if (!pair) return offset;
			offset = (pair.key as Node).range?.[0] ?? offset;
			node = pair.value;
		} else if (isSeq(node)) {
			node = node.items[Number(part)];
			offset = (node as Node | undefined)?.range?.[0] ?? offset;
		} else return offset;
	}
	return offset;
}
