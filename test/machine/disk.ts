// A filesystem in an image file, mounted on the host and bound into a machine. A copy of the image at some point is
// what a disk would contain if the power failed then: everything that was not synced is still only in memory.
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { command } from "./command.ts";

const SIZE = "256M";
/** Seconds for which a filesystem may delay writes that nobody syncs: long, so that a missing sync has an effect. */
const MOUNT_OPTIONS: Readonly<Record<string, string>> = {
	ext4: "loop,commit=300",
	btrfs: "loop,commit=300",
	xfs: "loop",
};

export class Disk {
	/** Where it is mounted on the host. */
	readonly folder: string;
	/** Where it is in the machine. */
	readonly at: string;
	readonly #image: string;
	readonly #type: string;

	private constructor(below: string, at: string, type: string) {
		const name = `disk-${basename(at)}`;
		this.folder = join(below, name);
		this.#image = join(below, `image-${basename(at)}`);
		this.at = at;
		this.#type = type;
	}

	static async make(below: string, at: string, type: string): Promise<Disk> {
		const disk = new Disk(below, at, type);
		await command("truncate", "-s", type === "xfs" ? "320M" : SIZE, disk.#image);
		await command(`mkfs.${type}`, "-q", disk.#image);
		await mkdir(disk.folder);
		await disk.#mount();
		return disk;
	}

	async #mount(): Promise<void> {
		await command(
			"mount",
			"-t",
			this.#type,
			"-o",
			MOUNT_OPTIONS[this.#type] ?? "loop",
			this.#image,
			this.folder,
		);
	}

	async unmount(): Promise<void> {
		await command("umount", "--lazy", this.folder);
	}

	async copy(): Promise<void> {
		await command("cp", "--sparse=always", this.#image, `${this.#image}.cut`);
	}

	/** Continue with what `copy` saved; everything since is lost. */
	async becomeCopy(): Promise<void> {
		await command("umount", this.folder);
		await rm(this.#image);
		await rename(`${this.#image}.cut`, this.#image);
		await this.#mount();
	}
}
