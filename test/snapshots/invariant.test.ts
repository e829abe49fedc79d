// Every archive is of one instant, a few times; invariant.long.ts does it more often.
import { holdsInvariant } from "./invariant.ts";

holdsInvariant(2);
