// Every archive is of one instant, once; invariant.long.ts does it more often.
import { holdsInvariant } from "./invariant.ts";

holdsInvariant(1);
