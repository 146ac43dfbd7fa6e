/** What no upstream answered is little, and asked for often: found without reading what they answered. */
export const unanswered = `
create index on exchanges (time) where answered_by <> 'upstream';
`
