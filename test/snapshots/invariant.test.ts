// Every archive is of one instant, a few times; invariant.long.ts does it a hundred times.
import { holdsInvariant } from "./invariant.ts";

holdsInvariant(5);
