// A config is obeyed: it names commands, and may be code. Whose words it is decides whether it is read.
import { HoldfastError } from "../values/error.ts";

/** The code that a config may be, or name: where it lies, and what may be done with it. */
export interface ConfigCode {
	/** The config. */
	readonly file: string;
	/** By `--config`. */
	readonly isNamed: boolean;
	/** Whose words it is is looked at before it is run. */
	readonly isGuarded: boolean;
	/** It is run at all. */
	readonly isRun: boolean;
}

/** Of a file that others could have written. */
export function notObeyed(file: string, fault: string): HoldfastError {
	return new HoldfastError("config-not-trusted", `${file} is not read: ${fault}`, {
		details: ["what it says is done as root, by commands and by code: nobody else may be able to change it"],
		hint: howTrusted(file),
	});
}

/** What to do, so that root obeys it. Nobody is told to make a home root's, or whatever else others work in. */
export const howTrusted = (file: string): string =>
	file.startsWith("/etc/")
		? "make it, and the folder that it lies in, root's and writable by root alone: chown root:root and chmod go-w"
		: "copy it to /etc/holdfast, with what it imports, or run this with sudo from its owner's account";
