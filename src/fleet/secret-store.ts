// Where the secrets of a fleet are kept: in files that age encrypts, or by commands of the user.

export interface SecretStore {
	/** As text. */
	readonly place: string;
	get(name: string): Promise<string | undefined>;
	/** Throws if a secret could not be stored so that it can be read again. Called before one is created. */
	requireReady(): Promise<void>;
	set(name: string, value: string): Promise<void>;
}
