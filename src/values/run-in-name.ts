/** A run's id as it stands in the names of databases: lower-case letters and digits. */
export const runInName = (run: string): string => run.replace(/[^a-zA-Z0-9]/g, "").toLowerCase();
