// A list whose items are made again on each pass: together they may not fit into memory. An array is one too.

export interface Series<T> {
	readonly length: number;
	[Symbol.iterator](): IteratorObject<T>;
}

export function seriesOf<S, T>(sources: Series<S>, make: (source: S) => T): Series<T> {
	return {
		length: sources.length,
		*[Symbol.iterator]() {
			for (const source of sources) yield make(source);
		},
	};
}
