// Redis, as Debian sets it up.
import { datasets } from "./redis.ts";

datasets("Redis");
