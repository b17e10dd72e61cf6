export declare const chromiumAdvice: string;
export declare function findChromium(): string | undefined;
export declare function provideChromium(): void;
