import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { Main } from "@multifiber/platform"
import * as Task from "multifiber/Task"
import { type DefaultTreeAdapterTypes, parse } from "parse5"
import { compare } from "./compare.ts"
import { batches } from "./corpus.ts"
import { overItems } from "./items.ts"

/** The pages of UIkit's manual tests, read this often. */
const times = 5

type Node = DefaultTreeAdapterTypes.Node

export interface Outline {
  readonly title: string
  readonly elements: number
  readonly links: ReadonlyArray<string>
  /** Characters of text, without the white space around it. */
  readonly text: number
}

export const { outlines } = Task.module(import.meta.url, {
  outlines: (paths: ReadonlyArray<string>): ReadonlyArray<Outline> =>
    paths.map((path) => outlineOf(parse(readFileSync(path, "utf8")))),
})

function outlineOf(document: Node): Outline {
  let title = ""
  let elements = 0
  let text = 0
  const links: Array<string> = []
  const visit = (node: Node): void => {
    if ("tagName" in node) {
      elements++
      if (node.tagName === "a")
        for (const { name, value } of node.attrs) if (name === "href") links.push(value)
      if (node.tagName === "title")
        title = node.childNodes.map((child) => ("value" in child ? child.value : "")).join("")
    }
    if (node.nodeName === "#text" && "value" in node) text += node.value.trim().length
    if ("childNodes" in node) for (const child of node.childNodes) visit(child)
  }
  visit(document)
  return { title, elements, links, text }
}

const pages = (): ReadonlyArray<ReadonlyArray<string>> => {
  const tests = join(dirname(createRequire(import.meta.url).resolve("uikit/package.json")), "tests")
  const once = batches(tests, {
    name: /\.html$/,
    maxFileBytes: 100_000,
    batchBytes: 60_000,
    maxBytes: 10_000_000,
  })
  return Array.from({ length: times }, () => once).flat()
}

Main.run(
  import.meta,
  compare(() =>
    overItems("html", outlines, pages(), (results) => {
      const all = results.flat()
      if (all.length < 50 * times) throw new Error(`there are ${all.length} pages only`)
      if (!all.every(({ elements, title }) => elements > 5 && title !== ""))
        throw new Error("a page is empty")
    }),
  ),
)
