"""Labels into data sets, data sets into models, models into service, and what they are judged by on the way.

``label_import`` brings a file's labels in, ``data_set`` makes a data set of labelled studies, ``training`` carries
a training out, ``registry`` takes what comes of it and puts it into service. ``judging`` makes the evidence: of
one bundle on the locked test set, of a candidate beside the model in service on a data set. ``comparison`` puts
the 21-layer CNN beside the networks of the paper that it comes from.
"""
