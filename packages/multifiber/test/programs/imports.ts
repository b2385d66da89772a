/** A program that imports the main module of another. */
import "./guarded.ts"

console.log("imported")
