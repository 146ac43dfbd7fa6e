/** What a mutation that was answered by a ghost changes for its sender: the objects that the answer shows. */
import { openFinder, typeAt } from './graph-find.ts'
import { partsOf } from './graph-answer.ts'
import type { Asked } from './asked.ts'
import type { Json, Knowledge } from './model.ts'
import { changeKey } from './overlay.ts'
import type { Change } from './overlay.ts'
import { ownField } from './pointers.ts'

interface Answered {
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly json: Json | undefined
  /** Event id of the exchange. */
  readonly write: string
}

export const graphChanges = ({ asked, knowledge, json, write }: Answered): Change[] => {
  const finder = openFinder({ asked, knowledge }, true)
  const { service, asker, at, path } = asked
  return partsOf(ownField(json, 'data'), asked.graph?.selected ?? []).map(({ type, id, fields }) => {
    const where = typeAt(asked, type)
    const all = { ...finder.fields(type, id), ...fields }
    const object = { type: where, id, json: JSON.stringify(all), whole: true, paths: [path] }
    return { key: changeKey(service, asker, where, id), service, asker, ...object, at, write, tick: 0 }
  })
}
