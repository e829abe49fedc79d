// Scopes: what fails and is undone together. A state and a destination are one each; their names are made and read here.

const STATE = "state:";
const DESTINATION = "destination:";

export const stateScope = (state: string) => `${STATE}${state}`;

/** The state that a scope is of. */
export const stateOf = (scope: string) => without(STATE, scope);

export const destinationScope = (provider: string, destination: string) =>
	`${DESTINATION}${provider}/${destination}`;

/** `provider/destination`, of a destination's scope. */
export const destinationOf = (scope: string) => without(DESTINATION, scope);

const without = (prefix: string, scope: string) =>
	scope.startsWith(prefix) ? scope.slice(prefix.length) : scope;
