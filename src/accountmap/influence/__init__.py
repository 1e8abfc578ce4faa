"""What partners do for revenue: touches under a written rule, and what follows from them.

Pure computations over tables: no workspace, no clock.
"""
