// The context that all steps of a load share.
import type { Work } from "../database.ts";
import type { Ask, Connection } from "./ask.ts";
import type { Properties } from "./properties.ts";
import type { Placement } from "./tablespaces.ts";

export interface Loading {
	readonly ask: Ask;
	readonly connection: Connection;
	readonly live: string;
	readonly fresh: string;
	readonly file: string;
	readonly trusted: boolean;
	readonly facts: Properties;
	readonly placement: Placement;
	readonly work: Work;
}
