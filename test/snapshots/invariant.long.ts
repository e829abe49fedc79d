// Every archive is of one instant, on every engine, with HOLDFAST_ROUNDS=100 a hundred times.
import { holdsInvariant } from "./invariant.ts";

holdsInvariant(Number(process.env.HOLDFAST_ROUNDS) || 10);
