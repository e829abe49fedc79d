// Connections to other machines: for one question, for several, and for a run that outlives broken connections.
import { setTimeout as pause } from "node:timers/promises";
import type { Ended } from "../fleet/protocol.ts";
import { Connection } from "../fleet/ssh.ts";
import type { Address } from "../fleet/ssh-faults.ts";
import { ask, attach, ConnectionLost, operate, type Question } from "../fleet/there.ts";
import type { Listener } from "../run/event.ts";
import { newRunId } from "../run/run-id.ts";
import { HoldfastError } from "../values/error.ts";
import type { Target as Machine } from "./machines.ts";
import { secondSignal, untilUndoneThere } from "./signals.ts";

export interface Target extends Machine {
	/** An open connection, for commands that use several sessions; without it, a session connects by itself. */
	readonly connection?: Connection | undefined;
}

/** Seconds to wait before each attempt to reconnect to a machine after the connection broke during a run. */
const COME_BACK = [2, 5, 10, 15, 30];

export function addressOf({ manifest, sshConfig }: Target): Address {
	const { machine, host, deploy } = manifest;
	if (host === undefined)
		throw new HoldfastError("usage", `machine "${machine}" has no host, so it is this machine`);
	return { machine, host, sudo: deploy?.sudo ?? false, config: sshConfig };
}

/** Do some work over one connection, in as many sessions as needed. */
export async function connected<T>(
	target: Target,
	signal: AbortSignal,
	work: (connection: Connection) => Promise<T>,
): Promise<T> {
	const connection = await Connection.open(addressOf(target), signal);
	try {
		return await work(connection);
	} finally {
		await connection.close();
	}
}

/** Connections that stay open between questions, for a command that asks repeatedly. Close them when done. */
export class Connections {
	readonly #connections = new Map<string, Connection>();

	/** Ask over the machine's connection; it is opened when needed, and again after a failure. */
	async ask<T>(target: Target, signal: AbortSignal, question: (target: Target) => Promise<T>): Promise<T> {
		const { machine } = target.manifest;
		const connection = this.#connections.get(machine) ?? (await Connection.open(addressOf(target), signal));
		this.#connections.set(machine, connection);
		try {
			return await question({ ...target, connection });
		} catch (error) {
			this.#connections.delete(machine);
			await connection.close();
			throw error;
		}
	}

	async close(): Promise<void> {
		await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
	}
}

const lineTo = (target: Target) => target.connection ?? Connection.forOne(addressOf(target));

/** Run a command there and print its answer. */
export function askThere(target: Target, argv: readonly string[], question: Question) {
	return ask(lineTo(target), { argv, manifest: target.manifest }, question);
}

/** Run a command there until it ends, reconnecting when a connection breaks. */
export async function runThere(
	target: Target,
	argv: readonly string[],
	signal: AbortSignal,
	listener: Listener,
	remark: (line: string) => void,
): Promise<Ended> {
	const run = newRunId();
	let heard = 0;
	const hear: Listener = Object.assign(
		(event: Parameters<Listener>[0]) => {
			heard++;
			listener(event);
		},
		listener.ignoresProgress ? { ignoresProgress: true } : {},
	);
	const hearing = { signal, leave: secondSignal, listener: hear, remark };
	return untilUndoneThere(async () => {
		try {
			return await operate(lineTo(target), { argv, manifest: target.manifest, run }, hearing);
		} catch (error) {
			if (!(error instanceof ConnectionLost)) throw error;
			remark(error.message);
			// The session replays all events from the start; those already shown are skipped.
			let known = heard;
			const onwards: Listener = (event) => (known > 0 ? known-- : listener(event));
			const again = { ...target, connection: undefined };
			return comeBack(again, run, { ...hearing, listener: onwards }, error);
		}
	});
}

/** Follow a run that is in progress there, or report how the last one ended. */
export function attachThere(
	target: Target,
	run: string | undefined,
	hearing: Parameters<typeof attach>[2],
): Promise<Ended> {
	return attach(lineTo(target), run, hearing);
}

async function comeBack(
	target: Target,
	run: string,
	hearing: Parameters<typeof attach>[2],
	lost: ConnectionLost,
): Promise<Ended> {
	for (const seconds of COME_BACK) {
		await pause(seconds * 1000, undefined, { signal: hearing.signal }).catch(() => {});
		if (hearing.signal.aborted) break;
		try {
			const ended = await attachThere(target, run, hearing);
			hearing.remark("reconnected to the run");
			return ended;
		} catch (error) {
			if (!(error instanceof HoldfastError)) throw error;
		}
	}
	throw lost;
}
