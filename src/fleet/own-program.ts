// The user's own program or link where a deploy installs the command.
import { keptBeside, WRITTEN } from "../plan/install.ts";
import type { Place } from "./place.ts";
import { script } from "./target.ts";

const LOOK = `
if [ -L "$1" ]; then echo "own (a link to $(readlink "$1"))"
elif [ -e "$1" ] && ! grep -qF "$3" "$1"; then echo own
fi
if [ -L "$2" ] || [ -e "$2" ]; then echo kept; fi
`;

export interface OwnProgram {
	/** What is at the program's path and is not from a deploy, for messages: "" or what it links to. */
	readonly own: string | undefined;
	/** An earlier deploy has kept one. */
	readonly isKept: boolean;
}

export async function ownProgramOn({ target, layout: { program } }: Place): Promise<OwnProgram> {
	const said = await script(target, LOOK, [program, keptBeside(program), WRITTEN]);
	return { own: /^own(.*)$/m.exec(said)?.[1], isKept: /^kept$/m.test(said) };
}
