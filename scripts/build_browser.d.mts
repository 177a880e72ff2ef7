export const sandboxEntry: Readonly<Record<string, string>>;
export function bundleBrowser(out: string): Promise<void>;
