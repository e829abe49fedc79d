// Units as signs of an application.

/** A template, such as `syncthing@.service`, matches each of its instances. */
export const isOf = (unit: string, sign: string): boolean =>
	unit === sign || (sign.includes("@.") && unit.replace(/@[^.]+\./, "@.") === sign);

/** The instances of a template among these units. */
export const instancesOf = (template: string, units: readonly string[]): string[] =>
	units.filter((unit) => isOf(unit, template)).flatMap((unit) => /@([^.]+)\./.exec(unit)?.[1] ?? []);

/** The home of an account that runs an instance. */
export const homeOf = (user: string): string => (user === "root" ? "/root" : `/home/${user}`);
