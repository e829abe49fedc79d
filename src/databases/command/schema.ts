// A store with programs of its own that dump and load it, as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { asUser, userCommand } from "../../values/user-command.ts";

/** An archive's description contains them, and its size is limited. */
const MAX_CHARACTERS = 2000;

const program = (what: string, does: string) =>
	v.pipe(
		userCommand(what, "6h", asUser),
		v.check(
			(command) => JSON.stringify(command).length <= MAX_CHARACTERS,
			`it is longer than ${MAX_CHARACTERS} characters: put it in a file, and run that`,
		),
		v.description(`${does}; a script, a command as a list, or an object with options, as for hooks`),
	);

export const schema = v.strictObject({
	command: program(
		"the command of a dump",
		"writes the dump of a store to its standard output, and ends with exit code 0 if it is complete",
	),
	load: program(
		"load",
		"replaces the content of the store with the dump on its standard input, whose path is in HOLDFAST_DUMP; runs while the units in stopOnRestore are stopped",
	),
	name: v.pipe(
		f.name,
		v.maxLength(100, "must have at most 100 characters"),
		v.description("a name for the store, unique on its machine, such as `ldap`"),
	),
	wayBack: v.optional(
		v.pipe(
			v.picklist(["dump", "folders", "none"]),
			v.description(
				"how a restore that fails brings back what `load` replaced: `dump` runs `command` before, while the units are stopped, and loads that (default); `folders` if `load` writes only to folders of this state, which are put back anyway; `none` if it cannot be brought back",
			),
		),
	),
});
export type CommandDump = v.InferOutput<typeof schema>;
