// Error reports read from a journal or another machine. Their size is limited before anything uses them.
import * as v from "valibot";
import { bounded } from "./error-bounds.ts";

const MAX_CODE = 200;
const MAX_SUBJECT = 16_384;

export const errorReportSchema = v.pipe(
	v.object({
		// Absent in what Holdfast 0.1.0 wrote.
		code: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_CODE))),
		subject: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_SUBJECT))),
		message: v.string(),
		hint: v.exactOptional(v.string()),
		details: v.exactOptional(v.array(v.string())),
	}),
	v.transform((report) => bounded(report)),
);
