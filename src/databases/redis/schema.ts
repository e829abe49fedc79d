// A Redis or Valkey dataset as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { port } from "../fields.ts";

/** The server's address. */
export const connection = {
	port: v.pipe(port, v.description("the server's port (default 6379)")),
	socket: v.pipe(v.optional(f.path), v.description("the server's socket, instead of a port")),
	passwordFile: v.pipe(v.optional(f.path), v.description("file whose first line is the password")),
};

export const schema = v.strictObject({
	redis: v.pipe(
		f.path,
		v.description("the file in which Redis or Valkey stores its dataset, in one of the state's folders"),
	),
	...connection,
});
export type RedisDump = v.InferOutput<typeof schema>;
