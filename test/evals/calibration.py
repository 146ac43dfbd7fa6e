#!/usr/bin/env python3
"""How far the confidence of answers is from their fidelity, over ten bins (Naeini et al. 2015), by recorded server.
  python3 test/evals/calibration.py SHARED_GHOST_FOLDER ANSWERS.jsonl
ANSWERS as test/evals/ghost-offline.ts writes them; fidelity is that of the evaluation's own run.py. Exit code 3 above .05."""
import json, sys
sys.path.insert(0, sys.argv[1])
from run import score, SERVERS

worst = 0.0
with open(sys.argv[2]) as lines:
    answers = [json.loads(line) for line in lines]
for server in SERVERS:
    own = {a['n']: a for a in answers if a['server'] == server}
    given = [(own[s['n']]['confidence'], s['fidelity']) for s in score(server, own) if 'confidence' in own.get(s['n'], {})]
    gaps = [0.0] * 10
    for sure, right in given:
        gaps[min(9, int(sure * 10))] += sure - right
    error = sum(abs(gap) for gap in gaps) / max(1, len(given))
    worst = max(worst, error)
    print(f'{server:12s} calibration error {error:.3f} over {len(given)} answers')
sys.exit(3 if worst > 0.05 else 0)
