// A config names commands and may be code, so it is read only if its owner is trusted.
import { HoldfastError } from "../values/error.ts";

/** Code that is the config or that the config names. */
export interface ConfigCode {
	/** The config. */
	readonly file: string;
	/** The config was given by `--config`. */
	readonly isNamed: boolean;
	/** Whether its owner must be trusted before it is run. */
	readonly isGuarded: boolean;
	/** Whether it is run at all. */
	readonly isRun: boolean;
}

/** The error for a file that others can write. */
export function notObeyed(file: string, fault: string): HoldfastError {
	return new HoldfastError("config-not-trusted", `refusing to read ${file}: ${fault}`, {
		subject: file,
		details: ["its commands and code would run as root, so only root may be able to change it"],
		hint: howTrusted(file),
	});
}

/** How to make root trust it. Never suggests giving root a home or another folder that others work in. */
export const howTrusted = (file: string): string =>
	file.startsWith("/etc/")
		? "make the file and its folder owned by root and writable only by root: chown root:root and chmod go-w"
		: "copy it and the files that it imports to /etc/holdfast, or run this with sudo from its owner's account";
