/** An outage has one id, and each endpoint that ghosts stood in for its own span in it. */
export const activations = `
alter table activations drop constraint activations_pkey;
alter table activations add primary key (id, endpoint);
`
