// holdfast archives …: one archive.
import { commandGroup } from "../../command.ts";
import { browse } from "./browse.ts";
import { extract } from "./extract.ts";
import { hold } from "./hold.ts";
import { mount } from "./mount.ts";
import { release } from "./release.ts";
import { show } from "./show.ts";

export const archives = commandGroup({
	routes: { show, browse, extract, mount, hold, release },
	docs: { brief: "inspect an archive, extract files from it, or protect it from prune" },
});
