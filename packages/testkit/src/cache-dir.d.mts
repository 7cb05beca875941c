export function cacheDir(env?: Record<string, string | undefined>): string;
