// Every archive is of one instant, on every engine, a hundred times.
import { holdsInvariant } from "./invariant.ts";

holdsInvariant(100);
