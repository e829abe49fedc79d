// Scopes: what fails and is undone together. Each state and each destination is one. Their names are made and parsed here.

const STATE = "state:";
const DESTINATION = "destination:";

export const stateScope = (state: string) => `${STATE}${state}`;

/** The state of a scope, or undefined. */
export const stateOf = (scope: string) => without(STATE, scope);

export const destinationScope = (provider: string, destination: string) =>
	`${DESTINATION}${provider}/${destination}`;

/** `provider/destination`, for the scope of a destination. */
export const destinationOf = (scope: string) => without(DESTINATION, scope);

export const isDestination = (scope: string) => scope.startsWith(DESTINATION);

const without = (prefix: string, scope: string) =>
	scope.startsWith(prefix) ? scope.slice(prefix.length) : scope;
