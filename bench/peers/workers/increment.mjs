// JavaScript, because the peers start their workers without a TypeScript loader.
export default (n) => n + 1
