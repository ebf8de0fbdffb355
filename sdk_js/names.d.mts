export const OURS: string[];
